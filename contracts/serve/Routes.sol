// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {WHOLE} from "../credit/Whole.sol";
import {ICredits} from "../credit/ICredits.sol";
import {IRoutes} from "./IRoutes.sol";

/// @title Routes
/// @notice The manual is {IRoutes}.
abstract contract Routes is IRoutes {
    uint32 private _routes;

    /// @inheritdoc IRoutes
    mapping(uint32 route => bytes32) public routeHashOf;

    /// @inheritdoc IRoutes
    mapping(uint32 route => address) public gatewayOf;

    /// @inheritdoc IRoutes
    mapping(address credits => mapping(uint32 route => uint64)) public earnedOf;

    /// @inheritdoc IRoutes
    mapping(address credits => mapping(uint32 route => mapping(uint256 index => uint64))) public pulledOf;

    /// @inheritdoc IRoutes
    function registerRoute(Payee[] calldata payees) external returns (uint32 route) {
        uint256 sum = 0;
        for (uint256 i = 0; i < payees.length; ++i) sum += payees[i].weight;
        // INVARIANT: the payees of a route get what it earned, and no more.
        require(sum == WHOLE, WeightsNotWhole(sum, WHOLE));

        route = ++_routes;
        routeHashOf[route] = keccak256(abi.encode(payees));
        gatewayOf[route] = msg.sender;

        emit RouteRegistered(route, msg.sender, payees);
    }

    /// @inheritdoc IRoutes
    function pull(
        address credits,
        uint32 route,
        Payee[] calldata payees,
        uint256 index
    ) external returns (uint64 amount) {
        bytes32 hash = keccak256(abi.encode(payees));
        // INVARIANT: nobody is paid for a route but those whom it was registered with.
        require(hash == routeHashOf[route], NotTheRoute(route, hash, routeHashOf[route]));

        uint64 pulled = pulledOf[credits][route][index];
        amount = _partDown(earnedOf[credits][route], payees[index].weight) - pulled;
        pulledOf[credits][route][index] = pulled + amount;

        emit RoutePulled(credits, route, payees[index].account, amount);

        ICredits(credits).withdrawServed(payees[index].account, amount);
    }

    /// @dev So much of a million.
    function _partDown(uint256 amount, uint256 part) internal pure returns (uint64) {
        return uint64((amount * part) / WHOLE);
    }
}
