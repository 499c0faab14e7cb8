// The kills of kill.test.mjs with their numbers in a Redis server.
process.env.STORE = 'redis';
await import('./kill.test.mjs');
