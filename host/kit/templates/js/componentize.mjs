// Puts policy.js into a component that imports nothing but the log: node componentize.mjs OUT
import { componentize } from '@bytecodealliance/componentize-js';
import { writeFile } from 'node:fs/promises';

const { component } = await componentize({
  sourcePath: 'policy.js',
  witPath: 'wit',
  worldName: 'mapper-policy',
  // A policy reaches nothing: no clock, no randomness, no network, no output but the log.
  disableFeatures: ['random', 'stdio', 'clocks', 'http', 'fetch-event'],
});
await writeFile(process.argv[2], component);
