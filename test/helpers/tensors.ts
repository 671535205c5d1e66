import { createState, type State } from '../../engine/graph/state.ts';
import {
  elementCount,
  typedArray,
  type DType,
  type Shape,
  type StateLayout,
  type Tensor,
  type TensorType,
} from '../../engine/graph/types.ts';

const patterns: Record<DType, (index: number) => number> = {
  f32: (index) => index / 2 - 100,
  i8: (index) => (index % 255) - 127,
  i32: (index) => index * 65537 - 1000,
  u32: (index) => index,
};

/** A tensor with the elements that the note in test/fixtures/commitments.json describes. */
export function patternTensor(dtype: DType, shape: Shape): Tensor {
  const data = typedArray(dtype, elementCount(shape));
  for (let i = 0; i < data.length; i += 1) data[i] = patterns[dtype](i);
  return { dtype, shape, data };
}

/** A layout of slots named by group and place. */
export function layoutOf(groups: readonly (readonly TensorType[])[]): StateLayout {
  return { groups: groups.map((types, group) => types.map((type, place) => ({ ...type, name: `${group}.${place}` }))) };
}

/** A state whose tensors are pattern tensors. */
export function patternState(groups: readonly (readonly TensorType[])[]): State {
  const state = createState(layoutOf(groups));
  for (const slot of state.layout.groups.flat()) {
    state.tensors.get(slot.name)?.set(patternTensor(slot.dtype, slot.shape).data);
  }
  return state;
}
