// What runs for a test. One that fails may leave it running, and node would wait for it for ever.
import { after } from 'node:test';

export const left = new Set();
if (process.env.NODE_TEST_CONTEXT) after(() => left.forEach((program) => program.remove()));
