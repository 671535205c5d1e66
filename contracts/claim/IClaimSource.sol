// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClaimId} from "../types/ClaimId.sol";
import {Instant} from "../types/Time.sol";

/// @notice What a claim is about is known where it was made; the claims contract asks there and tells what became of it.
interface IClaimSource {
    /// @param claimant whose bond it is
    /// @param bond locked for this claim alone
    /// @param challengeBond what a challenger locks
    /// @param finalAt from when an unchallenged claim is final; `NEVER` while that is not known
    /// @param challengeable false for a seat
    struct ClaimTerms {
        address claimant;
        uint128 bond;
        uint128 challengeBond;
        Instant finalAt;
        bool challengeable;
    }

    /// @notice The terms of a posted claim.
    function termsOf(ClaimId id) external view returns (ClaimTerms memory);

    /// @notice The first challenge froze the claim. Claims contract only.
    function onFrozen(ClaimId id) external;

    /// @notice The last open challenge was lost. Claims contract only.
    function onRestored(ClaimId id) external;

    /// @notice The claim lost, or a seat's deposit is forfeited. Claims contract only.
    function onVoided(ClaimId id) external;
}
