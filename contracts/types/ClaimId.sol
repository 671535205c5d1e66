// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Names one claim for ever: `kind (8 bits) << 128 | runId (64) << 64 | round (32) << 32 | number (32)`.
/// The number is the seat for `WORK` and `SEAT`, the attempt (from 1) for `AGGREGATE`, for `VERDICT` two member
/// indices: `validator (8 bits) << 8 | miner (8)`, each of which names one seat within a round, and for `PLEDGE`, whose round is
/// 0, which pledge of the run it is (from 1).
type ClaimId is uint256;

/// @dev WORK: a miner's round. AGGREGATE: the next global state. SEAT: a member's service, never challengeable.
/// VERDICT: what a validator found when it re-executed a miner's segment. PLEDGE: all that a gateway signs receipts for.
enum ClaimKind {
    WORK,
    AGGREGATE,
    SEAT,
    VERDICT,
    PLEDGE
}

using {kind, runOf, roundOf, numberOf} for ClaimId global;

function claimId(ClaimKind kind_, uint64 runId, uint32 round, uint32 number) pure returns (ClaimId) {
    return
        ClaimId.wrap(
            (uint256(uint8(kind_)) << 128) | (uint256(runId) << 64) | (uint256(round) << 32) | uint256(number)
        );
}

/// @dev Reverts (panic 0x21) on an id that no kind has.
function kind(ClaimId id) pure returns (ClaimKind) {
    return ClaimKind(uint8(ClaimId.unwrap(id) >> 128));
}

function runOf(ClaimId id) pure returns (uint64) {
    return uint64(ClaimId.unwrap(id) >> 64);
}

function roundOf(ClaimId id) pure returns (uint32) {
    return uint32(ClaimId.unwrap(id) >> 32);
}

function numberOf(ClaimId id) pure returns (uint32) {
    return uint32(ClaimId.unwrap(id));
}
