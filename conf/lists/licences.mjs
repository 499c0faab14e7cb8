// Makes licences.txt: the licences of what the lists are made of, whole.
//   node licences.mjs OUTPUT
import { packageFile, write } from './lib.mjs';

const PACKAGES = ['crawler-user-agents', 'mobile-detect', 'uap-core'];

write(
  process.argv[2],
  PACKAGES.flatMap((name) => [`== ${name} ${JSON.parse(packageFile(name, 'package.json')).version}`, '', packageFile(name, 'LICENSE').trim(), '']),
);
