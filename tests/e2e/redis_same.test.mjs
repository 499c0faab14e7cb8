// What holds of the embedded store holds of Redis: the same tests, with their numbers there.
import { describe } from 'node:test';
import { missing } from './lib/redis.mjs';

process.env.STORE = 'redis';
if (missing) describe('a store in Redis keeps seeds, imports and periods', { skip: missing }, () => {});
else for (const name of ['seed', 'import', 'import_tops', 'periods', 'store', 'dump', 'tops']) await import(`./${name}.test.mjs`);
