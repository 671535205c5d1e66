// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Duration, Instant} from "../types/Time.sol";

/// @notice A chess clock in one word: `time of the last move (48 bits) << 80 | seconds left to the claimant (32) << 48 |
/// to the challenger (32) << 16 | whose turn it is (1 is the claimant's)`. Only the clock of the one to move runs.
type Clock is uint128;

using {claimantMoves, movedAt, claimantLeft, challengerLeft, left, elapsed, hasRunOut, pressed} for Clock global;

/// @dev Both sides have the same time; the challenger's opening is the first move.
function startClock(Duration each, Instant when) pure returns (Clock) {
    return _clock(when, each, each, false);
}

function claimantMoves(Clock clock) pure returns (bool) {
    return Clock.unwrap(clock) & 1 == 1;
}

function movedAt(Clock clock) pure returns (Instant) {
    return Instant.wrap(uint48(Clock.unwrap(clock) >> 80));
}

function claimantLeft(Clock clock) pure returns (Duration) {
    return Duration.wrap(uint32(Clock.unwrap(clock) >> 48));
}

function challengerLeft(Clock clock) pure returns (Duration) {
    return Duration.wrap(uint32(Clock.unwrap(clock) >> 16));
}

/// @dev What the one to move had when its turn began.
function left(Clock clock) pure returns (Duration) {
    return clock.claimantMoves() ? clock.claimantLeft() : clock.challengerLeft();
}

/// @dev Seconds since its turn began.
function elapsed(Clock clock, Instant when) pure returns (uint256) {
    return when.since(clock.movedAt());
}

/// @dev A turn may last less than what is left, so that time is out or it is not, whatever a block decides first.
function hasRunOut(Clock clock, Instant when) pure returns (bool) {
    return clock.elapsed(when) >= Duration.unwrap(clock.left());
}

/// @dev The turn passes to the other side. Only for a clock that has not run out.
function pressed(Clock clock, Instant when) pure returns (Clock) {
    Duration rest = Duration.wrap(Duration.unwrap(clock.left()) - uint32(clock.elapsed(when)));
    return
        clock.claimantMoves()
            ? _clock(when, rest, clock.challengerLeft(), false)
            : _clock(when, clock.claimantLeft(), rest, true);
}

function _clock(Instant when, Duration claimant, Duration challenger, bool isClaimants) pure returns (Clock) {
    return
        Clock.wrap(
            (uint128(Instant.unwrap(when)) << 80) |
                (uint128(Duration.unwrap(claimant)) << 48) |
                (uint128(Duration.unwrap(challenger)) << 16) |
                (isClaimants ? 1 : 0)
        );
}
