// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {place, placeOf} from "../Place.sol";
import {IAuditingFactory} from "../run/IAuditingFactory.sol";
import {Receipts} from "./Receipts.sol";

/// @title ReceiptsFactory
/// @notice The manual is {IAuditingFactory}.
contract ReceiptsFactory is IAuditingFactory {
    /// @inheritdoc IAuditingFactory
    function create(address stake, address claims, address runs) external returns (address auditing) {
        return place(_initCode(stake, claims, runs));
    }

    /// @inheritdoc IAuditingFactory
    function addressOf(address stake, address claims, address runs) external view returns (address auditing) {
        return placeOf(_initCode(stake, claims, runs));
    }

    function _initCode(address stake, address claims, address runs) private pure returns (bytes memory) {
        return bytes.concat(type(Receipts).creationCode, abi.encode(stake, claims, runs));
    }
}
