// Signs in with JavaScript off, after a mistyped password.

import { picture, scenario, settings } from './chromium.mjs';
import { signIn, submit } from './visits.mjs';

await scenario(async (open) => {
  const page = await open({ javaScriptEnabled: false });
  await signIn(page, settings);
  const refused = await submit(page, settings.username, 'mistyped');
  const alert = await page.getByRole('alert').innerText();
  const kept = await page.getByLabel('User name').inputValue();
  const signedIn = await submit(page, settings.username, settings.password);
  const text = await page.locator('main').innerText();
  await picture(page, 'no-script');
  return { refused, alert, kept, signedIn, url: page.url(), text };
});
