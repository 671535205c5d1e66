// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";

import {Credits} from "./Credits.sol";
import {CreditTerms, WHOLE} from "./CreditTerms.sol";
import {ICreditsFactory} from "./ICreditsFactory.sol";

/// @title CreditsFactory
/// @notice The manual is {ICreditsFactory}.
contract CreditsFactory is ICreditsFactory {
    /// @inheritdoc ICreditsFactory
    uint64 public immutable supply;

    /// @inheritdoc ICreditsFactory
    uint32 public immutable ownersShare;

    constructor(CreditTerms memory terms) {
        require(terms.supply != 0, ZeroSupply());
        // INVARIANT: the parts of what is spent are no more than that.
        require(terms.owners <= WHOLE, PartBeyondWhole(terms.owners, WHOLE));

        supply = terms.supply;
        ownersShare = terms.owners;
    }

    /// @inheritdoc ICreditsFactory
    function create(address shareToken) external returns (address credits) {
        credits = address(new Credits{salt: 0}(shareToken, _terms()));

        emit CreditsCreated(shareToken, credits);
    }

    /// @inheritdoc ICreditsFactory
    function creditsOf(address shareToken) external view returns (address) {
        bytes memory code = bytes.concat(type(Credits).creationCode, abi.encode(shareToken, _terms()));
        return Create2.computeAddress(0, keccak256(code));
    }

    function _terms() private view returns (CreditTerms memory) {
        return CreditTerms(supply, ownersShare);
    }
}
