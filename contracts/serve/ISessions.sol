// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Duration, Instant} from "../types/Time.sol";
import {IRoutes} from "./IRoutes.sol";

/// @title Sessions: a client's credits in escrow for one gateway, drawn by vouchers that a key of the session signs.
/// @notice A **voucher** says what has been drawn from a session by one route since the beginning: it is cumulative, so the
/// latest replaces all before it. Anyone may bring vouchers; who is paid is the route that the key has signed for, which is
/// one of the gateway's: a client cannot promise the same credits to another, or to itself. They count as long as the
/// session has credits, so a gateway brings them before the client can take those back.
///
/// What is drawn is spent: burned, and shared by the rules of {ICredits}; the servers' part is the route's.
/// A batch never fails for a bad voucher: it skips it and says why.
///
/// The session key is a plain key and checked without a call. The client's account may be a contract: it signs once, when
/// the session is opened for it (ERC-1271), and need not be asked again.
///
/// Invariant: for each run's credits, what is left in all sessions is what this contract has of them.
interface ISessions is IRoutes {
    /// @dev Why a voucher is skipped.
    enum Flaw {
        NONE,
        SPENT, // nothing that is not drawn already: a replay
        OVERDRAWN, // more than is left; also when the session is closed, or never was
        UNROUTED, // the gateway has no such route
        FORGED // not signed by the session's key
    }

    /// @notice Names of sessions end with the route that most of their vouchers are for: `number << 32 | route`.
    /// @param key signs vouchers
    /// @param left of the credits in escrow
    /// @param drawn by vouchers for that route, since the beginning
    /// @param client pays, and gets the rest back
    /// @param closesAt from then on the rest may be taken back; zero while nobody has asked
    /// @param gateway may close at once
    struct Session {
        address key;
        uint48 left;
        uint48 drawn;
        address client;
        Instant closesAt;
        address gateway;
    }

    /// @notice What a client signs so that another may open a session for it, with its nonce behind it:
    /// `Opening(address credits,address client,address gateway,address key,uint32 route,uint48 amount,uint48 deadline,uint256 nonce)`.
    struct Opening {
        address credits;
        address client;
        address gateway;
        address key;
        uint32 route;
        uint48 amount;
        Instant deadline;
    }

    /// @notice Signed by the session key as `Voucher(address credits,uint64 session,uint32 route,uint48 drawn)`, in the
    /// compact form of ERC-2098.
    struct Voucher {
        uint64 session;
        uint32 route;
        uint48 drawn;
        bytes32 r;
        bytes32 vs;
    }

    error NoKey();
    error OpeningExpired(Instant deadline);
    error InvalidOpening(address client);
    error NotAParty(address caller, uint64 session);
    error NotOpen(uint64 session);
    error NotClosed(uint64 session, Instant closesAt);

    event SessionOpened(
        address indexed credits,
        uint64 indexed session,
        address indexed client,
        address gateway,
        address key,
        uint48 amount
    );
    event SessionToppedUp(address indexed credits, uint64 indexed session, uint48 amount);
    event SessionClosing(address indexed credits, uint64 indexed session, Instant closesAt);
    event SessionRefunded(address indexed credits, uint64 indexed session, uint48 amount);
    event VoucherSettled(address indexed credits, uint64 indexed session, uint32 route, uint48 amount);
    event VoucherSkipped(address indexed credits, uint64 indexed session, uint32 route, Flaw flaw);

    /// @notice Puts `amount` of the caller's credits in escrow.
    function open(
        address credits,
        address gateway,
        address key,
        uint32 route,
        uint48 amount
    ) external returns (uint64 session);

    /// @notice The same for a client that has signed it. Anyone may call.
    function openFor(Opening calldata opening, bytes calldata signature) external returns (uint64 session);

    /// @notice Adds the caller's credits to a session that nobody has asked to close.
    function topUp(address credits, uint64 session, uint48 amount) external;

    /// @notice Draws what vouchers say. Anyone may call.
    /// @return drawn in all
    function settle(address credits, Voucher[] calldata vouchers) external returns (uint64 drawn);

    /// @notice Asked by the client, a session closes after the delay; by the gateway, at once.
    function close(address credits, uint64 session) external;

    /// @notice Gives the rest of a closed session back to its client. Anyone may call.
    function refund(address credits, uint64 session) external;

    function sessionOf(address credits, uint64 session) external view returns (Session memory);

    /// @notice What vouchers for a route have drawn from a session.
    function drawnOf(address credits, uint64 session, uint32 route) external view returns (uint48);

    /// @notice How long a gateway has to bring its vouchers once the client closes.
    function closeDelay() external view returns (Duration);
}
