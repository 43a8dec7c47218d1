// Makes a component of policy.js: node componentize.mjs WIT OUT
import { componentize } from '@bytecodealliance/componentize-js';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [wit, out] = process.argv.slice(2);

// The contract as one text, with one line that names its package: given the folder, the tool reads it
// through a shim that sees no files.
const files = (await readdir(wit)).filter((name) => name.endsWith('.wit')).sort();
const texts = await Promise.all(files.map((name) => readFile(join(wit, name), 'utf8')));
const line = /^package .*;$/m;
const witWorld = [texts[0].match(line)[0], ...texts.map((text) => text.replace(line, ''))].join('\n');

const { component } = await componentize({
  sourcePath: fileURLToPath(new URL('policy.js', import.meta.url)),
  witWorld,
  worldName: 'vendor-policy',
  // Without these the component imports nothing but the log.
  disableFeatures: ['random', 'stdio', 'clocks', 'http', 'fetch-event'],
});
await writeFile(out, component);
