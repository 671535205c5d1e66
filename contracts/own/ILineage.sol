// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Root} from "../types/Root.sol";

/// @title Whose state a run starts from.
/// @notice A state that a settled round has made may be **registered** as one of its run, by anyone. A run whose first state is
/// registered names its **parent**: a run of which it is a state. When it is created, the parent's owners get their
/// `royalty`, a part of all its shares ({IRoyalties}); the curve gives out the others. A run that starts from a public state
/// names none and gives nothing.
///
/// Parents are named and not found, so that nobody pays a run that has settled another's state as its own. What is registered
/// are roots: who changes one number of a state has another root, and owes what honesty asks. No rule about roots
/// can do more; a base that never leaves its holders could.
interface ILineage {
    /// @notice The round has not changed the state.
    error StateUnchanged(uint64 runId, uint32 round);
    error NotStateOf(Root root, uint64 runId);
    /// @notice The first state is registered, and so a parent must be named.
    error ParentMissing(Root genesisRoot);

    event StateRegistered(uint64 indexed runId, uint32 indexed round, Root indexed root);
    event RoyaltyGiven(uint64 indexed runId, uint64 indexed parent, address pool, uint96 amount);

    /// @notice Registers the state that a settled round of a run has made. Anyone may call, again and again.
    function registerState(uint64 runId, uint32 round) external returns (Root root);

    /// @notice Whether a state is registered as one of a run.
    function isStateOf(Root root, uint64 runId) external view returns (bool);

    /// @notice Whether a state is registered as one of any run.
    function isRegistered(Root root) external view returns (bool);

    /// @notice What a run's children give it of all their shares, in basis points.
    function royaltyOf(uint64 runId) external view returns (uint16);

    function runs() external view returns (address);
}
