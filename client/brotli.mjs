// Standard input in Brotli, as small as it gets: for the files that are part of luotd.
import fs from 'node:fs';
import { brotliCompressSync, constants } from 'node:zlib';

const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_MODE, BROTLI_MODE_TEXT, BROTLI_MAX_QUALITY } = constants;
const params = { [BROTLI_PARAM_QUALITY]: BROTLI_MAX_QUALITY, [BROTLI_PARAM_MODE]: BROTLI_MODE_TEXT };
fs.writeSync(1, brotliCompressSync(fs.readFileSync(0), { params }));
