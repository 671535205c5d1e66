import { expect } from 'chai';
import OpenAI from 'openai';

import { createDecoder, type Decoder } from '../../../engine/decoding/decoder.ts';
import { initialParameters } from '../../../engine/nn/initial.ts';
import { decideRenewal, renewalOf } from '../../../workers/gateway/renew.ts';
import { startLocalGateway, type LocalGateway } from '../../helpers/gateway.ts';
import { rootOf } from '../../helpers/runs.ts';
import { tinyModelForTests } from '../../helpers/tiny-model.ts';
import { until } from '../../helpers/worker-processes.ts';

describe('a gateway whose run has settled another state', function () {
  this.timeout(20_000);
  const tiny = tinyModelForTests({ model: { depth: 1, width: 32, heads: 2, context: 64, vocabulary: 256 } });
  const newer = rootOf(7);
  const ask = { model: 'tiny', prompt: 'the quick', max_tokens: 8, temperature: 0 };
  const signal = new AbortController().signal;
  let closed: string[];
  let step: () => void;
  let gateway: LocalGateway;

  /** Goes on by steps that a test allows. */
  const held = (decoder: Decoder): Decoder => {
    let gate = Promise.withResolvers<void>();
    step = () => gate.resolve();
    return {
      ...decoder,
      async step() {
        await gate.promise;
        return decoder.step();
      },
      async close() {
        closed.push(tiny().genesis.root);
        gate = Promise.withResolvers();
        await decoder.close();
      },
    };
  };
  const loadNewer = async () => {
    const { recipe, executor } = tiny().model;
    const weights = initialParameters({ ...recipe, seed: `0x${'42'.repeat(32)}` });
    return { root: newer, decoder: await createDecoder(recipe, weights, { ...executor, slots: 4 }) };
  };
  const complete = () =>
    new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'none', maxRetries: 0 }).completions.create(ask);
  const running = () => until('a request', () => (gateway.relay.load().running === 1 ? true : undefined));

  beforeEach(async () => {
    closed = [];
    gateway = await startLocalGateway(tiny(), { wrap: held });
  });

  it('answers new requests with its weights, and those under way with the old ones, which it then lets go', async () => {
    const free = await startLocalGateway(tiny());
    const expected = await new OpenAI({ baseURL: `${free.url}/v1`, apiKey: 'none' }).completions.create(ask);
    await free.stop();
    const old = complete();
    await running();
    const duty = renewalOf({ relay: gateway.relay, read: async () => ({ root: newer, round: 2 }), load: loadNewer });
    const [action] = decideRenewal(await duty.read(signal));
    const passed = duty.act(action!, signal);
    await until('the other weights', () => (gateway.relay.current.root === newer ? true : undefined));
    const fresh = await complete();
    expect(fresh.system_fingerprint).to.equal(newer);
    expect(fresh.choices[0]!.text).not.to.equal(expected.choices[0]!.text);
    const models = (await (await fetch(`${gateway.url}/v1/models`)).json()) as { data: { root: string }[] };
    expect(models.data[0]!.root).to.equal(newer);
    expect([closed, gateway.relay.load().running]).to.deep.equal([[], 1]);
    step();
    await passed;
    expect(closed).to.deep.equal([tiny().genesis.root]);
    const { choices, system_fingerprint } = await old;
    expect([choices[0]!.text, system_fingerprint]).to.deep.equal([expected.choices[0]!.text, tiny().genesis.root]);
    expect(decideRenewal(await duty.read(signal))).to.deep.equal([]);
    await gateway.stop();
  });

  it('ends in peace while old weights still answer', async () => {
    const old = complete();
    await running();
    const passed = gateway.relay.pass(await loadNewer());
    const stopped = gateway.stop();
    step();
    await Promise.all([passed, stopped]);
    expect((await old).system_fingerprint).to.equal(tiny().genesis.root);
  });

  it('keeps its weights when no others are to be had', async () => {
    const load = () => Promise.reject(new Error('nobody has it'));
    const duty = renewalOf({ relay: gateway.relay, read: async () => ({ root: newer, round: 2 }), load });
    const outcome = await duty.act({ type: 'renew', state: { root: newer, round: 2 } }, signal).catch(() => 'failed');
    step();
    expect([outcome, (await complete()).system_fingerprint]).to.deep.equal(['failed', tiny().genesis.root]);
    await gateway.stop();
  });
});
