import { SwarmlockError } from '../../engine/errors.ts';
import { complete, type Counter } from './complete.ts';
import { sendJson, type Route } from './http.ts';

/** What the gateway answers. */
export function routesOf(counter: Counter, isClosed: () => boolean): readonly Route[] {
  const { served, relay, metrics } = counter;
  const created = Math.floor(Date.now() / 1_000);
  const modelNow = () => ({
    id: served.modelName,
    object: 'model',
    created,
    owned_by: 'swarmlock',
    root: relay.current.root,
    max_model_len: served.context,
  });
  return [
    {
      method: 'GET',
      path: /^\/v1\/models$/,
      handle: ({ response }) => sendJson(response, 200, { object: 'list', data: [modelNow()] }),
    },
    {
      method: 'GET',
      path: /^\/v1\/models\/(.+)$/,
      handle({ response, parts: [name = ''] }) {
        if (decodeURIComponent(name) === served.modelName) return sendJson(response, 200, modelNow());
        throw new SwarmlockError(`The model ${name} is not served here`, {
          code: 'MODEL_NOT_FOUND',
          argument: 'model',
        });
      },
    },
    { method: 'POST', path: /^\/v1\/completions$/, handle: (exchange) => complete(counter, 'completion', exchange) },
    { method: 'POST', path: /^\/v1\/chat\/completions$/, handle: (exchange) => complete(counter, 'chat', exchange) },
    {
      method: 'GET',
      path: /^\/health$/,
      handle: ({ response }) => void response.writeHead(isClosed() ? 503 : 200).end(),
    },
    {
      method: 'GET',
      path: /^\/metrics$/,
      async handle({ response }) {
        const text = await metrics.text();
        response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
      },
    },
  ];
}
