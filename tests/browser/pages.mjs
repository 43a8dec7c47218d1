// Every kind of page, in light and dark, on a desk and on a phone: what axe-core finds, whether it
// scrolls sideways, and a picture of each.

import { axe, picture, scenario, settings } from './chromium.mjs';
import { PAGES } from './visits.mjs';

const SCREENS = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
  // WCAG 2.2 criterion 1.4.10: 320 CSS pixels, a small phone or 1280 at 400 %.
  { name: 'phone', colorScheme: 'light', viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true },
  { name: 'phone-dark', colorScheme: 'dark', viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true },
];

await scenario(async (open) => {
  const seen = [];
  for (const { name: screen, ...options } of SCREENS) {
    const page = await open(options);
    for (const [name, visit] of Object.entries(PAGES)) {
      await page.context().clearCookies();
      const status = await visit(page, settings);
      const report = await check(page);
      const { title, heading, lang, width, scripts } = await page.evaluate(() => ({
        title: document.title,
        heading: [...document.querySelectorAll('h1')].map((h) => h.textContent.trim()),
        lang: document.documentElement.lang,
        width: document.documentElement.scrollWidth,
        scripts: document.scripts.length,
      }));
      await picture(page, `${name}-${screen}`);
      seen.push({
        name, screen, status, title, heading, lang, scripts,
        overflow: width - options.viewport.width,
        ...report,
      });
    }
  }
  return { seen };
});

// What axe-core finds. It cannot tell how text stands out from a gradient, so it is asked once for each
// colour of the gradient as if that were all of it.
async function check(page) {
  await page.evaluate(axe);
  const { passes, violations } = await page.evaluate(() => globalThis.axe.run(document));
  const found = violations.map(describe);
  const colours = await page.evaluate(() => {
    const { backgroundColor, backgroundImage } = getComputedStyle(document.body);
    const stops = backgroundImage.match(/rgba?\([^)]*\)/g) ?? [];
    return [backgroundColor, ...stops.filter((stop) => !/[,/] *0\)$/.test(stop))];
  });
  for (const colour of colours) {
    const contrast = await page.evaluate((colour) => {
      document.body.style.background = colour;
      return globalThis.axe.run(document, { runOnly: ['color-contrast'] });
    }, colour);
    for (const rule of [...contrast.violations, ...contrast.incomplete]) {
      // A tick in front of a line is a pseudo-element: it stands beside the text and not behind it.
      rule.nodes = rule.nodes.filter((node) => !node.any.some((test) => test.data?.messageKey === 'pseudoContent'));
      if (rule.nodes.length > 0) found.push(`on ${colour}: ${describe(rule)}`);
    }
  }
  await page.evaluate(() => document.body.style.removeProperty('background'));
  return { checked: passes.length, colours: colours.length, violations: found };
}

function describe(rule) {
  const nodes = rule.nodes.map((node) => `${node.html} (${[...node.any, ...node.all].map((test) => test.message).join('; ')})`);
  return `${rule.id}: ${nodes.join(' ')}`;
}
