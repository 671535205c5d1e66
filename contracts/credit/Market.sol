// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IMarket} from "./IMarket.sol";

/// @title Market
/// @notice The manual is {IMarket}.
contract Market is IMarket, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev A price is for so many credit units.
    uint256 private constant LOT = 1e6;

    uint256 private _count;

    mapping(uint256 order => Order) private _orders;

    /// @inheritdoc IMarket
    mapping(address seller => mapping(address payment => uint256)) public proceedsOf;

    /// @inheritdoc IMarket
    function place(
        address credits,
        address payment,
        uint64 amount,
        uint128 price
    ) external nonReentrant returns (uint256 order) {
        require(amount != 0, EmptyOrder());

        order = ++_count;
        _orders[order] = Order(msg.sender, amount, credits, payment, price);

        emit OrderPlaced(order, msg.sender, credits, payment, amount, price);

        _receive(credits, amount);
    }

    /// @inheritdoc IMarket
    function take(
        uint256[] calldata orders,
        address credits,
        address payment,
        uint64 amount,
        uint256 maxCost
    ) external nonReentrant returns (uint256 cost) {
        uint64 wanted = amount;
        for (uint256 i = 0; i < orders.length; ++i) {
            (uint64 part, uint256 price) = _partUp(orders[i], credits, payment, wanted);
            if (part == 0) continue;
            Order storage order = _orders[orders[i]];
            order.left -= part;
            proceedsOf[order.seller][payment] += price;
            wanted -= part;
            cost += price;

            emit OrderTaken(orders[i], msg.sender, part, price);
        }
        // INVARIANT: a buyer gets what it asked for, at no more than it said.
        require(wanted == 0, TooFewOffered(amount, amount - wanted));
        require(cost <= maxCost, TooDear(cost, maxCost));

        _receive(payment, cost);
        IERC20(credits).safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IMarket
    function cancel(uint256 order) external nonReentrant {
        Order memory cancelled = _orders[order];
        // INVARIANT: nobody but the seller takes credits back.
        require(msg.sender == cancelled.seller, NotSeller(msg.sender, cancelled.seller));

        delete _orders[order];

        emit OrderCancelled(order, cancelled.left);

        IERC20(cancelled.credits).safeTransfer(msg.sender, cancelled.left);
    }

    /// @inheritdoc IMarket
    function withdraw(address payment) external nonReentrant returns (uint256 amount) {
        amount = proceedsOf[msg.sender][payment];
        proceedsOf[msg.sender][payment] = 0;

        emit ProceedsWithdrawn(msg.sender, payment, amount);

        IERC20(payment).safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IMarket
    function quoteUp(
        uint256[] calldata orders,
        address credits,
        address payment,
        uint64 amount
    ) external view returns (uint256 cost, uint64 offered) {
        for (uint256 i = 0; i < orders.length; ++i) {
            (uint64 part, uint256 price) = _partUp(orders[i], credits, payment, amount - offered);
            offered += part;
            cost += price;
        }
    }

    /// @inheritdoc IMarket
    function orderOf(uint256 order) external view returns (Order memory) {
        return _orders[order];
    }

    /// @dev What an order has of what is wanted, and its price.
    function _partUp(
        uint256 id,
        address credits,
        address payment,
        uint64 wanted
    ) private view returns (uint64 part, uint256 price) {
        Order storage order = _orders[id];
        if (order.credits != credits || order.payment != payment) return (0, 0);
        part = uint64(Math.min(order.left, wanted));
        price = Math.ceilDiv(uint256(part) * order.price, LOT);
    }

    /// @dev From the caller, after the books are written: a token that calls back finds the guard shut.
    function _receive(address token, uint256 amount) private {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = IERC20(token).balanceOf(address(this)) - before;
        // INVARIANT: nobody's tokens stand for those of another.
        require(received == amount, TransferMismatch(received, amount));
    }
}
