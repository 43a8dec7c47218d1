// Somebody at the account page in two browsers: ends the other's session, changes the password, signs
// out.

import { picture, scenario, settings } from './chromium.mjs';
import { account, change, press } from './visits.mjs';

await scenario(async (open) => {
  const [here, there] = [await open(), await open()];
  const sessions = [];
  const count = async () => sessions.push(await here.locator('.rows > li').count());
  await account(here, settings);
  await count();
  await account(there, settings);
  await here.reload();
  await count();
  await picture(here, 'account-sessions');
  await press(here, /^End the session/);
  await count();
  const ended = await here.getByRole('status').innerText();
  await there.reload();
  const elsewhere = await there.locator('h1').innerText();

  const statuses = [await change(here, settings.password, 'short')];
  statuses.push(await change(here, settings.password, settings.fresh));
  const changed = await here.getByRole('status').innerText();
  await count();
  statuses.push(await press(here, 'Sign out'));
  const left = await here.locator('h1').innerText();
  return { sessions, ended, elsewhere, changed, statuses, left };
});
