// Starts Debian's Chromium for one scenario, and watches what it complains about.

import { existsSync, mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const PROGRAM = '/usr/bin/chromium';

// Nothing of the outside, and nothing that needs a GPU or a user namespace.
const ARGUMENTS = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
  '--no-sandbox',
];

export const settings = JSON.parse(process.argv[2]);

// Runs a scenario with a function that opens pages, and prints what it returns as JSON. Everything
// that a page complains about (scripts, styles, content security policy, failed requests) is in
// `complaints`.
export async function scenario(run) {
  if (!existsSync(PROGRAM)) {
    throw new Error(`${PROGRAM} is missing; run tests/run`);
  }
  mkdirSync(settings.artefacts, { recursive: true });
  const profile = mkdtempSync(join(tmpdir(), 'suites-chromium-'));
  const complaints = [];
  const contexts = [];
  const open = async (options = {}) => {
    const folder = join(profile, String(contexts.length));
    const context = await chromium.launchPersistentContext(folder, {
      executablePath: PROGRAM,
      headless: true,
      args: ARGUMENTS,
      locale: 'en-GB',
      ...options,
    });
    contexts.push(context);
    context.setDefaultTimeout(15_000);
    const page = context.pages()[0] ?? (await context.newPage());
    watch(page, complaints);
    return page;
  };
  try {
    const result = await run(open);
    console.log(JSON.stringify({ ...result, complaints }));
  } finally {
    for (const context of contexts) await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

function watch(page, complaints) {
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
  page.on('requestfailed', (request) => {
    complaints.push(`request: ${request.url()}: ${request.failure()?.errorText}`);
  });
  page.on('console', (message) => {
    // Chromium reports an answer that is an error by its status; the scenarios look at the page.
    const isStatus = /Failed to load resource: the server responded with a status of 4\d\d/;
    if (['error', 'warning'].includes(message.type()) && !isStatus.test(message.text())) {
      complaints.push(`console: ${page.url()}: ${message.text()}`);
    }
  });
}

// Keeps a picture of the whole page.
export async function picture(page, name) {
  await page.screenshot({ path: join(settings.artefacts, `${name}.png`), fullPage: true });
}

// The source of axe-core, to be evaluated in a page. A content security policy does not stand in its
// way: it comes through the browser's own door and not through the page.
export const axe = createRequire(import.meta.url)('axe-core').source;
