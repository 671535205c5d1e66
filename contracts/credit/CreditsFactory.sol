// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";

import {Credits} from "./Credits.sol";
import {ICreditsFactory} from "./ICreditsFactory.sol";

/// @title CreditsFactory
/// @notice The manual is {ICreditsFactory}.
contract CreditsFactory is ICreditsFactory {
    /// @inheritdoc ICreditsFactory
    uint64 public immutable supply;

    constructor(uint64 supply_) {
        require(supply_ != 0, ZeroSupply());

        supply = supply_;
    }

    /// @inheritdoc ICreditsFactory
    function create(address shareToken) external returns (address credits) {
        credits = address(new Credits{salt: 0}(shareToken, supply));

        emit CreditsCreated(shareToken, credits);
    }

    /// @inheritdoc ICreditsFactory
    function creditsOf(address shareToken) external view returns (address) {
        bytes memory code = bytes.concat(type(Credits).creationCode, abi.encode(shareToken, supply));
        return Create2.computeAddress(0, keccak256(code));
    }
}
