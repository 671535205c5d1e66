import type { Address, Hex, TypedDataDefinition } from 'viem';

/** Signs structured data (EIP-712) for one account: an account of viem is one. */
export type Signer = {
  readonly address: Address;
  signTypedData(data: TypedDataDefinition): Promise<Hex>;
};
