import { expect } from 'chai';
import OpenAI from 'openai';
import { toHex } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';

import { swarmlockFetch } from '../../../sdk/openai-fetch.ts';
import { parseReceipt, receiptObject, signReceipt, type SignedReceipt } from '../../../sdk/receipts.ts';
import { failsWith } from '../../helpers/errors.ts';
import { rootOf } from '../../helpers/runs.ts';

const key = privateKeyToAccount(generatePrivateKey());
const place = key.address;

describe('a receipt', () => {
  let receipt: SignedReceipt;

  before(async () => {
    receipt = await signReceipt(
      key,
      { chainId: 1, receipts: place },
      {
        ...{ pledge: 2n ** 130n, session: 2n ** 40n, drawn: 7, round: 3, root: rootOf(1), seed: rootOf(2) },
        ...{ temperature: 0.7, topP: 1, prompt: 2, tokens: toHex('hi there'), expiresAt: 99 },
      },
    );
  });

  it('is what was sent when it is read', () => {
    const sent: unknown = JSON.parse(JSON.stringify(receiptObject(receipt)));
    expect(parseReceipt(sent)).to.deep.equal(receipt);
  });

  it('is none when a field is missing or another thing', async () => {
    const sent = receiptObject(receipt);
    for (const field of Object.keys(sent))
      await failsWith('RECEIPT_INVALID', () => parseReceipt({ ...sent, [field]: undefined }));
    for (const other of [{ pledge: '-1' }, { drawn: -1 }, { root: '0x00' }, { tokens: '0x123' }, { top_p: NaN }])
      await failsWith('RECEIPT_INVALID', () => parseReceipt({ ...sent, ...other }));
    for (const none of [null, undefined, 'receipt', []]) await failsWith('RECEIPT_INVALID', () => parseReceipt(none));
  });

  for (const stream of [true, false])
    it(`is heard by who asks through swarmlockFetch, ${stream ? 'as a stream' : 'in one piece'}`, async () => {
      const part = { id: 'a', object: 'text_completion', created: 1, model: 'tiny', system_fingerprint: rootOf(1) };
      const choices = [{ index: 0, text: ' there', logprobs: null, finish_reason: 'length' }];
      const usage = { prompt_tokens: 2, completion_tokens: 6, total_tokens: 8 };
      const events = [{ ...part, choices }, ...(stream ? [] : [{ ...part, choices: [], usage }])];
      const said = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
      const text = `${said}: receipt ${JSON.stringify(receiptObject(receipt))}\n\ndata: [DONE]\n\n`;
      const heard: SignedReceipt[] = [];
      const wallet = { address: place, signTypedData: () => expect.fail(), send: () => expect.fail() };
      const fetch = swarmlockFetch({
        ...{ wallet, key, chainId: 1, sessions: place, credits: place, deposit: 1, mostPerRequest: 1 },
        isSettled: async () => true,
        pledges: { receipts: place, keyOf: () => expect.fail(), rootOf: () => expect.fail() },
        fetch: async () => new Response(text, { headers: { 'content-type': 'text/event-stream' } }),
        onReceipt: (one) => void heard.push(one),
      });
      const client = new OpenAI({ baseURL: 'http://gateway/v1', apiKey: 'none', fetch, maxRetries: 0 });
      const ask = { model: 'tiny', prompt: 'hi', max_tokens: 6 };
      if (stream) for await (const _ of await client.completions.create({ ...ask, stream })) void _;
      else expect(await client.completions.create(ask)).to.deep.include({ receipt: receiptObject(receipt) });
      expect(heard).to.deep.equal([receipt]);
    });
});
