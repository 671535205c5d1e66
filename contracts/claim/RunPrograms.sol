// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Root} from "../types/Root.sol";

/// @notice What a run computes, as its creator bound it: `RunParameters.programsRoot` is `keccak256(abi.encode(programs))`.
/// Everybody can rebuild it from the recipe, and every client does before it joins.
/// @param training program root of one inner step
/// @param payload program root of the pseudo-gradient and its compression: of the global state, the state at the end of the
/// round and, with error feedback, the payload before
/// @param aggregates root of a tree of 256 leaves: leaf R is the program root of the outer step over R members, EMPTY
/// for 0 and above the run's `maxMembers`
/// @param zeroFirst root of the group of first moments of a local state of zeros
/// @param zeroRest root of the node over the groups of second moments and scalars of a local state of zeros
/// @param zeroPayload root of a payload of zeros, which comes before the first; zero without error feedback
/// @param segmentSteps inner steps of a segment
/// @param payloadBytes the most that a published payload takes
/// @param dataset root of the dataset; the run's `datasetRoot`
/// @param continuation program root of the next token after a sequence, of the global state and a request; zero when the model's
/// tokens are not bytes
/// @param context tokens that the model reads at most
struct RunPrograms {
    Root training;
    Root payload;
    Root aggregates;
    bytes32 zeroFirst;
    bytes32 zeroRest;
    bytes32 zeroPayload;
    uint32 segmentSteps;
    uint64 payloadBytes;
    Root dataset;
    Root continuation;
    uint32 context;
}
