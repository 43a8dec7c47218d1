// Signs in for an application at another address: Chromium holds the content security policy of the
// sign-in page against the redirect that takes the code there, and against those that follow.

import { createServer } from 'node:http';
import { scenario, settings } from './chromium.mjs';
import { request, submit } from './visits.mjs';

await scenario(async (open) => {
  const visits = [];
  const server = createServer((incoming, response) => {
    visits.push(incoming.url);
    if (incoming.url.startsWith('/callback')) {
      response.writeHead(303, { location: `http://localhost:${port}/home` }).end();
    } else {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<title>home</title><link rel=icon href=data:,>');
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  try {
    const page = await open();
    await page.goto(request(settings, { redirect_uri: `http://127.0.0.1:${port}/callback` }));
    const status = await submit(page, settings.username, settings.password);
    return { status, title: await page.title(), visits };
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
