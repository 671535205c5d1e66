// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Who is paid for what goes one way through the servers.
/// @notice A route is a list of payees whose weights sum to 1e6. It belongs to who registered it, a gateway, and never changes. What a route is paid is written once,
/// however many they are; payees pull. Amounts are rounded down, and what does not divide stays where it is.
interface IRoutes {
    struct Payee {
        address account;
        uint32 weight;
    }

    error WeightsNotWhole(uint256 sum, uint256 whole);
    error RouteOfAnother(uint32 route, address registrar, address gateway);
    error NotTheRoute(uint32 route, bytes32 hash, bytes32 registered);

    event RouteRegistered(uint32 indexed route, address indexed gateway, Payee[] payees);
    event RoutePulled(address indexed credits, uint32 indexed route, address indexed payee, uint256 amount);

    /// @notice A new route of the caller.
    function registerRoute(Payee[] calldata payees) external returns (uint32 route);

    /// @notice Pays one payee of a route what it has earned since, in credits of one run. Anyone may call.
    /// @param payees as they were registered
    /// @param index of the payee among them
    function pull(
        address credits,
        uint32 route,
        Payee[] calldata payees,
        uint256 index
    ) external returns (uint64 amount);

    /// @notice `keccak256(abi.encode(payees))`; zero when there is no such route.
    function routeHashOf(uint32 route) external view returns (bytes32);

    /// @notice Who has registered a route; zero when there is no such route.
    function gatewayOf(uint32 route) external view returns (address);

    /// @notice What all payees of a route together have earned so far, pulled or not.
    function earnedOf(address credits, uint32 route) external view returns (uint64);

    /// @notice What one of them has pulled.
    function pulledOf(address credits, uint32 route, uint256 index) external view returns (uint64);
}
