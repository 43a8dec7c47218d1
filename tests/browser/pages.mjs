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
      await page.evaluate(axe);
      const report = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
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
        checked: report.passes.length,
        violations: report.violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.html).join(' ')}`),
      });
    }
  }
  return { seen };
});
