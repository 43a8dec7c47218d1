// Tries to show the sign-in page in a frame of another site, where a click could be stolen.

import { createServer } from 'node:http';
import { scenario, settings } from './chromium.mjs';
import { request } from './visits.mjs';

await scenario(async (open) => {
  const server = createServer((_, response) => {
    const frame = `<iframe src="${request(settings).replaceAll('&', '&amp;')}"></iframe>`;
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<link rel=icon href=data:,>${frame}`);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const page = await open();
    const refusals = [];
    page.removeAllListeners('console');
    page.removeAllListeners('requestfailed');
    page.on('console', (message) => refusals.push(message.text()));
    await page.goto(`http://127.0.0.1:${server.address().port}/`, { waitUntil: 'load' });
    const frame = page.frames().find((other) => other !== page.mainFrame());
    const forms = await frame.locator('form').count();
    return { forms, refusals };
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
