// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Duration, Instant} from "../types/Time.sol";

/// @title Who has what at risk.
/// @notice One vault of one stake token. Every owner has a free, a locked and an unbonding amount. Free stake may be
/// locked behind a claim or sent to unbond; locked stake is at risk; unbonding stake leaves after a delay that is at
/// least as long as any challenge window. Stake changes hands in one way only: a lost game slashes what was locked
/// for that claim, at least half of it burned. A forfeited deposit is burned whole. Burning is keeping for ever. There is no owner, no pause, no upgrade.
/// Invariant: sum of free + locked + unbonding, plus burned, equals the tokens received less those withdrawn.
interface IStakeManager {
    /// @notice What one owner has in the vault, in units of the stake token.
    /// @param free may be locked, unbonded, or burned by its owner as a joining price
    /// @param locked at risk behind claims
    /// @param unbonding on its way out
    /// @param withdrawableAt when all of `unbonding` may leave; zero when nothing unbonds
    struct Account {
        uint128 free;
        uint128 locked;
        uint128 unbonding;
        Instant withdrawableAt;
    }

    /// @notice Only the claims contract locks, unlocks and slashes.
    error NotClaims(address caller, address claims);
    /// @notice Only the runs contract burns a joining price.
    error NotRuns(address caller, address runs);
    /// @notice The delay is shorter than a window that could still slash.
    error UnbondingShorterThanWindow(Duration delay, Duration longestWindow);
    /// @notice The token moved another amount than asked, so it cannot be stake.
    error TransferMismatch(uint256 received, uint256 expected);
    /// @notice Moving nothing is a mistake.
    error ZeroAmount();
    error InsufficientFree(address owner, uint128 free, uint128 needed);
    error InsufficientLocked(address owner, uint128 locked, uint128 needed);
    /// @notice A node key works for one owner only.
    error NodeTaken(address node, address owner);
    error NothingUnbonding(address owner);
    error StillUnbonding(address owner, Instant withdrawableAt);

    event NodeSet(address indexed owner, address indexed node);
    event Deposited(address indexed owner, uint128 amount);
    event UnbondingStarted(address indexed owner, uint128 amount, Instant withdrawableAt);
    event Withdrawn(address indexed owner, uint128 amount);
    event Slashed(address indexed owner, address indexed winner, uint128 burned, uint128 won);
    event Burned(address indexed owner, uint128 amount);

    /// @notice Names the key that signs work for the caller, instead of any earlier one; zero names none.
    /// @dev Takes effect at once, also within a round: what the old key committed stands, the new key goes on.
    /// @param node an address that works for no other owner; or the caller itself, which ends any naming by another
    function setNode(address node) external;

    /// @notice Moves `amount` of the stake token from the caller, who has approved it, to its free stake.
    function deposit(uint128 amount) external;

    /// @notice As `deposit`, with an ERC-2612 permit instead of an earlier approval.
    /// @dev A permit that someone else has already submitted does no harm: the allowance it left is used.
    function depositWithPermit(uint128 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Takes `amount` of free stake out of use. The delay starts again for everything that is unbonding.
    function startUnbonding(uint128 amount) external;

    /// @notice Sends all that has unbonded to the caller.
    function withdraw() external;

    /// @notice Puts free stake of `owner` at risk. Claims contract only; the event is the claim's or the challenge's.
    function lock(address owner, uint128 amount) external;

    /// @notice Frees stake that was at risk. Claims contract only, which has the event.
    function unlock(address owner, uint128 amount) external;

    /// @notice Takes locked stake from the loser of a game: half, rounded up, is burned, the rest becomes free stake
    /// of `winner`. Claims contract only.
    function slash(address owner, uint128 amount, address winner) external;

    /// @notice Burns free stake of `owner`, who has asked for it by joining. Runs contract only.
    function burn(address owner, uint128 amount) external;

    /// @notice Burns locked stake of `owner`, whose deposit is forfeited. Claims contract only.
    function burnLocked(address owner, uint128 amount) external;

    /// @notice The ERC-20 that is staked.
    function token() external view returns (address);

    function claims() external view returns (address);

    function runs() external view returns (address);

    function unbondingDelay() external view returns (Duration);

    /// @notice Everything ever burned; it stays in the vault and belongs to nobody.
    function burned() external view returns (uint256);

    function accountOf(address owner) external view returns (Account memory);

    /// @notice The node key of an owner, zero when none.
    function nodeOf(address owner) external view returns (address);

    /// @notice The owner a node key works for, zero when none.
    function ownerOf(address node) external view returns (address);

    /// @notice Who stands behind a key: the key itself when it has stake of its own, free or locked, or works for nobody;
    /// otherwise the owner it works for.
    function principalOf(address key) external view returns (address);
}
