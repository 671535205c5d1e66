import { expect } from 'chai';
import { stateRoot } from '../../../engine/commit/reference.ts';
import { hashNode, rootFromProof } from '../../../engine/commit/tree.ts';
import { siblingsOf, stateTree } from '../../../engine/commit/subtrees.ts';
import { tensorRoot } from '../../../engine/commit/reference.ts';
import { tensorOf } from '../../../engine/commit/layout.ts';
import {
  abovePublished,
  decodePublished,
  encodePublished,
  feedbackLayout,
  mostPublished,
  partsOfPayload,
  payloadRootOf,
  wholePayload,
  type Published,
} from '../../../engine/compress/published.ts';
import { createState, stateBytes, type State } from '../../../engine/graph/state.ts';
import { payloadLayout, publishedLayout } from '../../../engine/programs.ts';
import { failsWith } from '../../helpers/errors.ts';
import { tinyRecipe } from '../../helpers/recipes.ts';

const dense = tinyRecipe();
const recipe = tinyRecipe({
  model: { depth: 1, width: 8, heads: 2, context: 16, vocabulary: 256 },
  compression: { name: 'sparseloco', chunk: 256, k: 16 },
});

/** A payload that a compression could give. */
function aPayload(): State {
  const payload = createState(payloadLayout(recipe));
  const each = (name: string, value: (at: number) => number) => {
    payload.tensors.get(name)!.forEach((_, at, data) => (data[at] = value(at)));
  };
  each('positions', (at) => 3 * (at % 16));
  each('values', (at) => (at % 3 === 0 ? -1 : 1) * 2 ** -5);
  each('error', (at) => at / 2 ** 14);
  return payload;
}

function publishedOf(payload: State): Published {
  const { published, feedback } = partsOfPayload(recipe, payload);
  return { payload: published, feedback: stateRoot(feedback!) };
}

describe('what is published of a payload', () => {
  it('shows by the root of the error feedback that it is part of it', () => {
    const payload = aPayload();
    const published = publishedOf(payload);
    expect(payloadRootOf(recipe, published, stateRoot(published.payload))).to.equal(stateRoot(payload));
    const other = { ...published, feedback: stateRoot(published.payload) };
    expect(payloadRootOf(recipe, other, stateRoot(published.payload))).not.to.equal(stateRoot(payload));
    // Groups are as deep as the deepest: the one tensor of the error feedback has padding beside it.
    const [node] = abovePublished(recipe, published);
    expect(hashNode(stateRoot(published.payload), node!)).to.equal(stateRoot(payload));
  });

  it('has its tensors at the same places below the whole root as below its own', () => {
    const published = publishedOf(aPayload());
    const siblings = [...siblingsOf(stateTree(published.payload), 0, 1), ...abovePublished(recipe, published)];
    const leaf = tensorRoot(tensorOf(published.payload, 'values'));
    expect(rootFromProof(leaf, 1, siblings)).to.equal(stateRoot(aPayload()));
  });

  it('makes a whole payload again with the error feedback', () => {
    const payload = aPayload();
    const { feedback } = partsOfPayload(recipe, payload);
    expect(feedback!.layout).to.deep.equal(feedbackLayout(recipe));
    expect(wholePayload(recipe, publishedOf(payload), feedback!).bytes).to.deep.equal(payload.bytes);
  });

  it('travels as 32 bytes of root and the encoded payload, within the most that a run allows', async () => {
    const published = publishedOf(aPayload());
    const bytes = encodePublished(recipe, published);
    const decoded = decodePublished(recipe, bytes);
    expect(decoded.feedback).to.equal(published.feedback);
    expect(decoded.payload.bytes).to.deep.equal(published.payload.bytes);
    expect(bytes.length).to.be.lessThan(mostPublished(recipe));
    await failsWith('PAYLOAD_INVALID', () => decodePublished(recipe, bytes.subarray(0, 31)));
    await failsWith('PAYLOAD_INVALID', () => decodePublished(recipe, bytes.subarray(0, 32)));
    await failsWith('PAYLOAD_INVALID', () => decodePublished(recipe, bytes.subarray(0, bytes.length - 1)));
  });

  it('is the payload itself without error feedback', () => {
    const payload = createState(payloadLayout(dense));
    const { published, feedback } = partsOfPayload(dense, payload);
    expect([feedback, feedbackLayout(dense)]).to.deep.equal([undefined, undefined]);
    const whole: Published = { payload: published, feedback: undefined };
    expect(payloadRootOf(dense, whole, stateRoot(published))).to.equal(stateRoot(payload));
    const bytes = encodePublished(dense, whole);
    expect(bytes.length)
      .to.equal(stateBytes(publishedLayout(dense)))
      .and.to.equal(mostPublished(dense));
    expect(decodePublished(dense, bytes).payload.bytes).to.deep.equal(payload.bytes);
  });
});
