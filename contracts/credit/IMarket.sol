// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A market of credits: holders place sell orders with a limit price, buyers take them.
/// @notice Offered credits are in escrow here. Prices are in units of a payment token for 1e6 credit units, which is one
/// credit. What a buyer pays for its part of an order is rounded up; sellers withdraw it, so that a payment token that
/// refuses one of them blocks nobody else. Where an automated market maker is deployed, credits trade there as any ERC-20.
///
/// Invariant: of each token, this contract has what is left of the orders of it and what sellers have not withdrawn.
interface IMarket {
    /// @param seller who is paid
    /// @param left of the credits offered
    /// @param credits which token
    /// @param payment in which token
    /// @param price of 1e6 credit units, at least
    struct Order {
        address seller;
        uint64 left;
        address credits;
        address payment;
        uint128 price;
    }

    error EmptyOrder();
    error NotSeller(address caller, address seller);
    error TooFewOffered(uint64 wanted, uint64 offered);
    error TooDear(uint256 cost, uint256 maxCost);
    error TransferMismatch(uint256 received, uint256 amount);

    event OrderPlaced(
        uint256 indexed order,
        address indexed seller,
        address indexed credits,
        address payment,
        uint64 amount,
        uint128 price
    );
    event OrderTaken(uint256 indexed order, address indexed buyer, uint64 amount, uint256 cost);
    event OrderCancelled(uint256 indexed order, uint64 left);
    event ProceedsWithdrawn(address indexed seller, address indexed payment, uint256 amount);

    /// @notice Offers `amount` of the caller's credits.
    function place(address credits, address payment, uint64 amount, uint128 price) external returns (uint256 order);

    /// @notice Buys exactly `amount`, from these orders in this order, or nothing. Orders that are gone meanwhile, or are
    /// of other tokens, are passed over.
    /// @param maxCost the most that the caller pays in all
    function take(
        uint256[] calldata orders,
        address credits,
        address payment,
        uint64 amount,
        uint256 maxCost
    ) external returns (uint256 cost);

    /// @notice Gives what is left of an order back to its seller, who asks.
    function cancel(uint256 order) external;

    /// @notice Pays the caller what its orders have brought.
    function withdraw(address payment) external returns (uint256 amount);

    /// @notice What buying so much from these orders would cost now, rounded up for each, and how much of it they have. Each
    /// is named once.
    function quoteUp(
        uint256[] calldata orders,
        address credits,
        address payment,
        uint64 amount
    ) external view returns (uint256 cost, uint64 offered);

    function orderOf(uint256 order) external view returns (Order memory);

    /// @notice What a seller may withdraw.
    function proceedsOf(address seller, address payment) external view returns (uint256);
}
