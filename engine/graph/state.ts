import {
  bytesPerElement,
  elementCount,
  typedArray,
  type StateLayout,
  type StateSlot,
  type TypedArray,
} from './types.ts';

/**
 * The tensors that a program carries from one invocation to the next, packed in slot order in one buffer, so that
 * a checkpoint is one write. (Not a SharedArrayBuffer: ONNX Runtime refuses tensors over shared memory.)
 */
export type State = {
  readonly layout: StateLayout;
  /** Exactly what is stored as a blob or a checkpoint. Little-endian. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly tensors: ReadonlyMap<string, TypedArray>;
};

/** What a program reads of a state, wherever that lies. */
export type Tensors = Pick<State, 'layout' | 'tensors'>;

/** All slots of a layout, group after group. */
export function slotsOf(layout: StateLayout): readonly StateSlot[] {
  return layout.groups.flat();
}

export function slotBytes(slot: StateSlot): number {
  return elementCount(slot.shape) * bytesPerElement[slot.dtype];
}

/** Size in bytes of a state of this layout. */
export function stateBytes(layout: StateLayout): number {
  return slotsOf(layout).reduce((sum, slot) => sum + slotBytes(slot), 0);
}

/** A state of zeros, or over a copy of `content`, which must have the layout's exact size (checked by the caller). */
export function createState(layout: StateLayout, content?: Uint8Array): State {
  const buffer = new ArrayBuffer(stateBytes(layout));
  const bytes = new Uint8Array(buffer);
  if (content !== undefined) bytes.set(content);
  const tensors = new Map<string, TypedArray>();
  let offset = 0;
  for (const slot of slotsOf(layout)) {
    tensors.set(slot.name, typedArray(slot.dtype, elementCount(slot.shape), buffer, offset));
    offset += slotBytes(slot);
  }
  return { layout, bytes, tensors };
}
