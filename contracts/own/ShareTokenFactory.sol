// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IShareTokenFactory} from "./IShareTokenFactory.sol";
import {ShareToken} from "./ShareToken.sol";

/// @title ShareTokenFactory
/// @notice The manual is {IShareTokenFactory}. Apart from the ownership contract because of the limit on code size.
contract ShareTokenFactory is IShareTokenFactory {
    /// @inheritdoc IShareTokenFactory
    address public immutable creditsFactory;

    constructor(address creditsFactory_) {
        creditsFactory = creditsFactory_;
    }

    /// @inheritdoc IShareTokenFactory
    function create(
        string calldata name,
        string calldata symbol,
        uint256 cap,
        uint32 ownersShare
    ) external returns (address shareToken) {
        return address(new ShareToken(name, symbol, cap, ownersShare, msg.sender, creditsFactory));
    }
}
