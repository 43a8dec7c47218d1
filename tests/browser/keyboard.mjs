// Signs in with the keyboard alone: from the start page to the page that says who one is.

import { picture, scenario, settings } from './chromium.mjs';

await scenario(async (open) => {
  const page = await open();
  await page.goto(`${settings.base}/`);
  const stops = [];

  // Presses Tab until what has the focus bears a name.
  const tabTo = async (name) => {
    for (let presses = 0; presses < 40; presses += 1) {
      await page.keyboard.press('Tab');
      const focus = await focused(page);
      stops.push(focus);
      if (focus.name === name) return;
    }
    throw new Error(`no way to ${name} by Tab: ${JSON.stringify(stops)}`);
  };

  await tabTo(`Sign in to ${await titleOf(page)}`);
  await Promise.all([page.waitForURL('**/login-actions/authenticate/**'), page.keyboard.press('Enter')]);
  await page.waitForLoadState();

  // The page puts one where one has to begin.
  const begin = await focused(page);
  await page.keyboard.type(settings.username);
  await tabTo('Password');
  await page.keyboard.type(settings.password);
  await tabTo('Sign in');
  await Promise.all([page.waitForURL('**/sample/signed-in'), page.keyboard.press('Enter')]);
  const heading = await page.locator('h1').innerText();
  await picture(page, 'keyboard');

  // Enter in the password field sends the form too.
  await page.goto(`${settings.base}/sample/${settings.realm}/sign-in?user=${settings.username}`);
  const hinted = await focused(page);
  const isAsked = page.url().includes('/login-actions/authenticate/');
  return { begin, stops, heading, hinted, isAsked };
});

// The title of the realm, as its heading has it.
async function titleOf(page) {
  return page.locator(`li:has(a[href="/sample/${settings.realm}/sign-in"]) h3`).innerText();
}

// What has the focus, what it is called, and whether one can see it.
async function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const label = element.labels?.[0]?.textContent ?? element.textContent;
    return {
      name: label.replace(/\s+/g, ' ').trim(),
      kind: element.localName,
      outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
      shadow: style.boxShadow !== 'none',
    };
  });
}
