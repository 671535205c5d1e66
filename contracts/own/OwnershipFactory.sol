// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {place, placeOf} from "../Place.sol";
import {IOwnershipFactory} from "./IOwnershipFactory.sol";
import {Ownership} from "./Ownership.sol";

/// @title OwnershipFactory
/// @notice The manual is {IOwnershipFactory}.
contract OwnershipFactory is IOwnershipFactory {
    /// @notice Who makes the share tokens.
    address public immutable shareTokenFactory;

    constructor(address shareTokenFactory_) {
        shareTokenFactory = shareTokenFactory_;
    }

    /// @inheritdoc IOwnershipFactory
    function create(address runs, address verdicts) external returns (address ownership) {
        return place(_initCode(runs, verdicts));
    }

    /// @inheritdoc IOwnershipFactory
    function addressOf(address runs, address verdicts) external view returns (address ownership) {
        return placeOf(_initCode(runs, verdicts));
    }

    function _initCode(address runs, address verdicts) private view returns (bytes memory) {
        return bytes.concat(type(Ownership).creationCode, abi.encode(runs, verdicts, shareTokenFactory));
    }
}
