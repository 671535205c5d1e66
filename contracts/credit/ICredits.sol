// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

import {IRoyalties} from "./IRoyalties.sol";

/// @title The credits of one run: an ERC-20 with permit (ERC-2612), 6 decimals, and the pool behind it.
/// @notice The supply is fixed. Credits that are out are the `totalSupply`; all others are **pooled**. What is spent is
/// burned, so that it is pooled again, and belongs to the owners of the run's shares and to who served; when they claim,
/// it is minted to them. Nothing else burns or mints.
///
/// **First credits.** Every share brings its part of the supply along: supply * shares / cap. Shares that were minted since
/// are **registered** by whoever asks, when they are claimed for, or when they are transferred; from then on they earn.
///
/// **Owners' part** y of a spend: sum = y * 1e27 + remainder; perShare += sum / shares; remainder = sum mod shares. Before
/// shares are transferred the share token lets both sides be settled, at what each has had until then; so no transfer
/// changes what anyone has earned. There are no credits to spend before there are shares that earn.
///
/// Invariants: totalSupply + pooled = supply. In units of 1e-27: pooled = what the holders have earned + what the servers
/// have + remainder + what shares that are not registered will bring.
interface ICredits is IERC20, IERC20Permit, IRoyalties {
    error NotShares(address caller, address shares);
    error ZeroSpend();
    error InsufficientServed(address server, uint256 served, uint256 amount);
    error ClaimExpired(uint256 deadline);
    error InvalidClaim(address holder);

    event SharesRegistered(address indexed holder, uint256 amount);
    event CreditsSpent(address indexed payer, address indexed server, uint256 amount, uint256 toServer);
    event CreditsClaimed(address indexed holder, address indexed to, uint256 amount);
    event ServedWithdrawn(address indexed server, address indexed to, uint256 amount);

    /// @notice Burns `amount` of the caller's credits; the servers' part of it is `server`'s, rounded down.
    /// @return toServer that part
    function spend(uint64 amount, address server) external returns (uint64 toServer);

    /// @notice Lets the shares earn that were minted to a holder since. Anyone may call.
    function register(address holder) external;

    /// @notice Mints to a holder what its shares have earned, rounded down; the fraction stays its own. Anyone may call.
    function claim(address holder) external returns (uint64 amount);

    /// @notice The same to an address that the holder has chosen by signing
    /// `Claim(address holder,address to,uint256 nonce,uint256 deadline)`; a contract answers by ERC-1271. Anyone may call.
    /// @dev Nonces are those of permits.
    function claimTo(
        address holder,
        address to,
        uint256 deadline,
        bytes calldata signature
    ) external returns (uint64 amount);

    /// @notice Mints to `to` some of what the caller has served for.
    function withdrawServed(address to, uint64 amount) external;

    /// @notice Settles both sides of a transfer that has just happened. Share token only. It never reverts.
    function onShareTransfer(address from, address to, uint256 amount) external;

    /// @notice What a holder could claim, shares that are not registered yet included, rounded down.
    function claimableDown(address holder) external view returns (uint64);

    /// @notice What a server may withdraw.
    function servedOf(address server) external view returns (uint64);

    /// @notice Credits that are not out.
    function pooled() external view returns (uint256);

    function supply() external view returns (uint64);

    /// @notice What the owners get of what is spent, out of 1e6; the servers get the rest. Fixed when the run is created.
    function ownersShare() external view returns (uint32);

    /// @notice The accumulator: what one share has earned since the beginning, in 1e-27 of a credit unit and modulo 2^160,
    /// what was left over, and how many shares earn.
    function ownersPart() external view returns (uint160 perShare, uint96 remainder, uint96 registered);

    /// @notice One holder in it: `perShare` when it was last settled, its shares that earn, and what it had then earned
    /// and not claimed, in 1e-27 of a credit unit.
    function holdingOf(address holder) external view returns (uint160 settledAt, uint96 registered, uint256 earned);
}
