// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Availability} from "./Availability.sol";
import {IAvailabilityFactory} from "./IAvailabilityFactory.sol";

/// @title AvailabilityFactory
/// @notice The manual is {IAvailabilityFactory}. Apart from the protocol contract because of the limit on code size.
contract AvailabilityFactory is IAvailabilityFactory {
    /// @inheritdoc IAvailabilityFactory
    function create(address stake, address claims, address runs) external returns (address) {
        return address(new Availability(stake, claims, runs));
    }
}
