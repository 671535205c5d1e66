// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev One credit unit, in the unit in which owners earn.
uint256 constant UNIT = 1e27;

/// @notice What owners have earned since the beginning, by share: the accumulator. Its cost does not depend on how many
/// there are.
/// @param perShare modulo 2^160: only differences mean something, and one that exceeds it favours the pool
/// @param remainder of what was distributed, less than one of these for each share
/// @param shares that earn; never fewer than before
/// @param royalties how many were distributed to them
struct OwnersPart {
    uint160 perShare;
    uint96 remainder;
    uint96 shares;
    uint32 royalties;
}

/// @notice What one owner has earned.
/// @param settledAt `perShare` when `earned` was last settled
/// @param shares of it that earn
/// @param earned and not claimed, in `UNIT`s of a credit unit
struct Holding {
    uint160 settledAt;
    uint96 shares;
    uint256 earned;
}

using {distribute, settleDown, earnedDown, register} for OwnersPart global;
using {moveTo} for Holding global;

/// @notice Gives `amount` to all shares that earn; there must be some.
function distribute(OwnersPart storage part, uint256 amount) {
    uint256 shares = part.shares;
    uint256 sum = amount * UNIT + part.remainder;
    // Two fields in one write, which the compiler would not make of them; the remainder is above the other.
    uint256 word = ((sum % shares) << 160) | uint160(part.perShare + sum / shares);
    assembly ("memory-safe") {
        sstore(part.slot, word)
    }
}

/// @notice What a holding has earned until now, claimed parts left out.
function earnedDown(OwnersPart storage part, Holding storage holding) view returns (uint256) {
    unchecked {
        return holding.earned + uint256(holding.shares) * (part.perShare - holding.settledAt);
    }
}

/// @notice Brings `earned` up to date, at the shares that the holding has had until now.
function settleDown(OwnersPart storage part, Holding storage holding) {
    uint256 earned = part.earnedDown(holding);
    if (earned != holding.earned) holding.earned = earned;
    holding.settledAt = part.perShare;
}

/// @notice Lets new shares of a settled holding earn from now on.
function register(OwnersPart storage part, Holding storage holding, uint96 added) {
    part.shares += added;
    holding.shares += added;
}

/// @notice Moves shares from one settled holding to another.
function moveTo(Holding storage from, Holding storage to, uint96 amount) {
    from.shares -= amount;
    to.shares += amount;
}
