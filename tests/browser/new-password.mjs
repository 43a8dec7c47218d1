// Signs in with a password that has to be changed, without JavaScript: first with a new one that is too
// short, then with one that will do.

import { createServer } from 'node:http';
import { picture, scenario, settings } from './chromium.mjs';
import { change, request, submit } from './visits.mjs';

await scenario(async (open) => {
  const visits = [];
  const server = createServer((incoming, response) => {
    visits.push(incoming.url);
    response.writeHead(200, { 'content-type': 'text/html' }).end('<title>home</title><link rel=icon href=data:,>');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const page = await open({ javaScriptEnabled: false });
    const { port } = server.address();
    await page.goto(request(settings, { redirect_uri: `http://127.0.0.1:${port}/callback` }));
    const statuses = [await submit(page, settings.username, settings.password)];
    const heading = await page.locator('h1').innerText();
    const username = await page.getByLabel('User name').inputValue();
    const focus = await focused(page);
    statuses.push(await change(page, settings.password, 'short'));
    const note = await page.locator('#new-note').innerText();
    const kept = await page.getByLabel('New password', { exact: true }).inputValue();
    const focusAgain = await focused(page);
    await picture(page, 'new-password-short');
    statuses.push(await change(page, settings.password, settings.fresh));
    return { heading, statuses, note, visits, shown: { username, focus, kept, focusAgain } };
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

async function focused(page) {
  return page.locator(':focus').getAttribute('id');
}
