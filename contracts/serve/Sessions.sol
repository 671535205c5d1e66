// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

import {WHOLE} from "../credit/Whole.sol";
import {ICredits} from "../credit/ICredits.sol";
import {Duration, Instant, now_} from "../types/Time.sol";
import {ISessions} from "./ISessions.sol";
import {Routes} from "./Routes.sol";

/// @title Sessions
/// @notice The manual is {ISessions}.
contract Sessions is Routes, EIP712, Nonces, ISessions {
    using SafeERC20 for IERC20;

    bytes32 private constant VOUCHER = keccak256("Voucher(address credits,uint64 session,uint32 route,uint48 drawn)");

    bytes32 private constant OPENING = keccak256(
        "Opening(address credits,address client,address gateway,address key,uint32 route,uint48 amount,uint48 deadline,uint256 nonce)"
    );

    uint32 private _count;

    mapping(address credits => mapping(uint64 session => Session)) private _sessions;

    /// @dev Of routes that the session is not named by.
    mapping(address credits => mapping(uint64 session => mapping(uint32 route => uint48))) private _drawnElsewhere;

    /// @inheritdoc ISessions
    Duration public immutable closeDelay;

    constructor(Duration closeDelay_) EIP712("Swarmlock Sessions", "1") {
        closeDelay = closeDelay_;
    }

    /// @inheritdoc ISessions
    function open(
        address credits,
        address gateway,
        address key,
        uint32 route,
        uint48 amount
    ) external returns (uint64) {
        return _open(Opening(credits, msg.sender, gateway, key, route, amount, now_()));
    }

    /// @inheritdoc ISessions
    function openFor(Opening calldata opening, bytes calldata signature) external returns (uint64) {
        require(opening.deadline.isAtOrAfter(now_()), OpeningExpired(opening.deadline));
        bytes32 content = keccak256(abi.encode(OPENING, opening, _useNonce(opening.client)));
        // INVARIANT: nobody's credits are put in escrow but by its own signature.
        require(
            SignatureChecker.isValidSignatureNowCalldata(opening.client, _hashTypedDataV4(content), signature),
            InvalidOpening(opening.client)
        );

        return _open(opening);
    }

    /// @inheritdoc ISessions
    function topUp(address credits, uint64 session, uint48 amount) external {
        Session storage target = _sessions[credits][session];
        // INVARIANT: no credits go to where nobody can take them back.
        require(target.client != address(0) && target.closesAt.isZero(), NotOpen(session));

        target.left += amount;

        emit SessionToppedUp(credits, session, amount);

        IERC20(credits).safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc ISessions
    function settle(address credits, Voucher[] calldata vouchers) external returns (uint64 drawn) {
        uint256 toServers = WHOLE - ICredits(credits).ownersShare();
        uint256 run = 0; // of vouchers for one route, one after the other
        for (uint256 i = 0; i < vouchers.length; ++i) {
            Voucher calldata voucher = vouchers[i];
            run += _draw(credits, voucher);
            if (i + 1 < vouchers.length && vouchers[i + 1].route == voucher.route) continue;
            if (run == 0) continue;
            earnedOf[credits][voucher.route] += _partDown(run, toServers);
            drawn += uint64(run);
            run = 0;
        }
        if (drawn != 0) ICredits(credits).spend(drawn, address(this));
    }

    /// @inheritdoc ISessions
    function close(address credits, uint64 session) external {
        Session storage target = _sessions[credits][session];
        (address client, address gateway) = (target.client, target.gateway);
        // INVARIANT: a session is closed by those whose credits or work are in it.
        require(msg.sender == client || msg.sender == gateway, NotAParty(msg.sender, session));
        require(client != address(0), NotOpen(session));

        Instant closesAt = msg.sender == gateway ? now_() : now_().plus(closeDelay);
        // Asking again changes nothing, unless it is the gateway that asks.
        if (!target.closesAt.isZero() && closesAt.isAtOrAfter(target.closesAt)) return;
        target.closesAt = closesAt;

        emit SessionClosing(credits, session, closesAt);
    }

    /// @inheritdoc ISessions
    function refund(address credits, uint64 session) external {
        Session memory target = _sessions[credits][session];
        // INVARIANT: the gateway has had its time to bring what was signed.
        require(!target.closesAt.isZero() && now_().isAtOrAfter(target.closesAt), NotClosed(session, target.closesAt));

        delete _sessions[credits][session];

        emit SessionRefunded(credits, session, target.left);

        IERC20(credits).safeTransfer(target.client, target.left);
    }

    /// @inheritdoc ISessions
    function sessionOf(address credits, uint64 session) external view returns (Session memory) {
        return _sessions[credits][session];
    }

    /// @inheritdoc ISessions
    function drawnOf(address credits, uint64 session, uint32 route) external view returns (uint48) {
        if (uint32(session) == route) return _sessions[credits][session].drawn;
        return _drawnElsewhere[credits][session][route];
    }

    function _open(Opening memory opening) private returns (uint64 session) {
        // INVARIANT: no session can be drawn from by a signature that recovers to nobody.
        require(opening.key != address(0), NoKey());
        address registrar = gatewayOf[opening.route];
        // INVARIANT: a session pays its own gateway alone.
        require(
            registrar == opening.gateway && registrar != address(0),
            RouteOfAnother(opening.route, registrar, opening.gateway)
        );

        session = (uint64(++_count) << 32) | opening.route;
        _sessions[opening.credits][session] = Session({
            key: opening.key,
            left: opening.amount,
            drawn: 0,
            client: opening.client,
            closesAt: Instant.wrap(0),
            gateway: opening.gateway
        });

        emit SessionOpened(opening.credits, session, opening.client, opening.gateway, opening.key, opening.amount);

        IERC20(opening.credits).safeTransferFrom(opening.client, address(this), opening.amount);
    }

    /// @dev What a voucher draws, which is then no longer left; nothing when it has a flaw.
    function _draw(address credits, Voucher calldata voucher) private returns (uint48 amount) {
        (uint64 id, uint32 route) = (voucher.session, voucher.route);
        Session storage session = _sessions[credits][id];
        mapping(uint32 => uint48) storage elsewhere = _drawnElsewhere[credits][id];
        bool isNamed = uint32(id) == route;
        uint48 before = isNamed ? session.drawn : elsewhere[route];
        Flaw flaw = _flawOf(credits, voucher, session, before);
        if (flaw != Flaw.NONE) {
            emit VoucherSkipped(credits, id, route, flaw);
            return 0;
        }

        amount = voucher.drawn - before;
        session.left -= amount;
        if (isNamed) session.drawn = voucher.drawn;
        else elsewhere[route] = voucher.drawn;

        emit VoucherSettled(credits, id, route, amount);
    }

    function _flawOf(
        address credits,
        Voucher calldata voucher,
        Session storage session,
        uint48 before
    ) private view returns (Flaw) {
        (uint64 id, uint32 route, uint48 drawn) = (voucher.session, voucher.route, voucher.drawn);
        // INVARIANT: a voucher draws only what none before it has drawn.
        if (drawn <= before) return Flaw.SPENT;
        // INVARIANT: no session pays with the credits of another.
        if (drawn - before > session.left) return Flaw.OVERDRAWN;
        // INVARIANT: what a gateway serves for is promised to nobody else.
        if (uint32(id) != route && gatewayOf[route] != session.gateway) return Flaw.UNROUTED;
        bytes32 content = keccak256(abi.encode(VOUCHER, credits, id, route, drawn));
        (address signer, , ) = ECDSA.tryRecover(_hashTypedDataV4(content), voucher.r, voucher.vs);
        // INVARIANT: nothing is drawn without the session's key, which is not zero.
        return signer == session.key ? Flaw.NONE : Flaw.FORGED;
    }
}
