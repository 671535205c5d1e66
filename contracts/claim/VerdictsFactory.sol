// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVerdictsFactory} from "./IVerdictsFactory.sol";
import {Verdicts} from "./Verdicts.sol";

/// @title VerdictsFactory
/// @notice The manual is {IVerdictsFactory}. Apart from the game's factory because of the limit on code size.
contract VerdictsFactory is IVerdictsFactory {
    /// @inheritdoc IVerdictsFactory
    function create(address stake, address claims, address runs) external returns (address verdicts) {
        return address(new Verdicts(stake, claims, runs));
    }
}
