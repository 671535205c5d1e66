// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A point in time and a span of time, in seconds. They cannot be mixed up.
/// This file is the only one that reads the clock.
type Instant is uint48;
type Duration is uint32;

/// @dev Later than every instant a chain will reach: a thing that has not been scheduled happens then.
Instant constant NEVER = Instant.wrap(type(uint48).max);

using {plus, minus, since, isAtOrAfter, isZero} for Instant global;
using {isLongerThan, halfDown} for Duration global;

function now_() view returns (Instant) {
    return Instant.wrap(uint48(block.timestamp));
}

function plus(Instant start, Duration span) pure returns (Instant) {
    return Instant.wrap(Instant.unwrap(start) + Duration.unwrap(span));
}

function minus(Instant end, Duration span) pure returns (Instant) {
    return Instant.wrap(Instant.unwrap(end) - Duration.unwrap(span));
}

/// @dev Seconds from `earlier` to `later`.
function since(Instant later, Instant earlier) pure returns (uint256) {
    return Instant.unwrap(later) - Instant.unwrap(earlier);
}

function isAtOrAfter(Instant a, Instant b) pure returns (bool) {
    return Instant.unwrap(a) >= Instant.unwrap(b);
}

/// @dev Zero is "has not happened".
function isZero(Instant a) pure returns (bool) {
    return Instant.unwrap(a) == 0;
}

function isLongerThan(Duration a, Duration b) pure returns (bool) {
    return Duration.unwrap(a) > Duration.unwrap(b);
}

function halfDown(Duration a) pure returns (Duration) {
    return Duration.wrap(Duration.unwrap(a) / 2);
}
