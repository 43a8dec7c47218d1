// Puts policy.js into a component that imports nothing but the log: node componentize.mjs OUT
import { componentize } from '@bytecodealliance/componentize-js';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

// The contract as one text with one line that names its package: given the folder, this version of the tool
// finds no file.
const files = (await readdir('wit')).filter((name) => name.endsWith('.wit')).sort();
const texts = await Promise.all(files.map((name) => readFile(join('wit', name), 'utf8')));
const line = /^package .*;$/m;
const witWorld = [texts[0].match(line)[0], ...texts.map((text) => text.replace(line, ''))].join('\n');

const { component } = await componentize({
  sourcePath: 'policy.js',
  witWorld,
  worldName: 'mapper-policy',
  // A policy reaches nothing: no clock, no randomness, no network, no output but the log.
  disableFeatures: ['random', 'stdio', 'clocks', 'http', 'fetch-event'],
});
await writeFile(process.argv[2], component);
