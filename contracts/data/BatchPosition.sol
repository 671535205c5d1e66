// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Where a row of a batch starts among the training tokens. Twin: `batchPositions` in engine/data/batch.ts.
library BatchPosition {
    /// @notice First 8 bytes, big-endian, of SHA-256("swarmlock/batch", seed, participant, step, row), modulo `span`.
    /// @param seed Seed of the round.
    /// @param participant Owner address of the member.
    /// @param step Inner step within the round, from 0.
    /// @param row Row of the batch, from 0.
    /// @param span Training tokens minus the context; not zero.
    function position(
        bytes32 seed,
        address participant,
        uint32 step,
        uint32 row,
        uint64 span
    ) internal pure returns (uint64) {
        return uint64(bytes8(sha256(abi.encodePacked("swarmlock/batch", seed, participant, step, row)))) % span;
    }
}
