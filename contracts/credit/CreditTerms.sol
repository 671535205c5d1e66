// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev Parts and weights are out of so many.
uint32 constant WHOLE = 1e6;

/// @notice What the credits of every run of one deployment are, fixed when it is made. Audits and insurance have no rule
/// yet by which anyone could claim, so they have no part.
/// @param supply the fixed supply of a run, in the smallest unit; not zero
/// @param owners what the owners get of what is spent, out of 1e6; the servers get the rest
struct CreditTerms {
    uint64 supply;
    uint32 owners;
}
