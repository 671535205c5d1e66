// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What the owners of a run receive of the runs that started from its states.
/// @notice A run that starts from a state of another gives it shares at genesis ({ILineage}). They belong to the other's
/// **pool**, which is the contract of its credits, and earn credits of their own run there, as anybody's shares do.
///
/// Whoever asks has the pool claim them and **distribute** what it has received, as royalties that are numbered from 1: each is
/// shared by the shares of the pool's run that earn at that moment, and claimed by their holders whenever they like. A transfer
/// of shares afterwards changes nothing about it. For that a holder's shares are kept when they change for the first time after
/// a royalty: a run that never received any keeps nothing.
///
/// The pool distributes the credits of any run of the same deployment, however they came to it: so those of a grandchild, which
/// a child's pool pays to this one as to any holder, reach the owners too.
///
/// Invariants: what has been distributed and not been claimed is what the pool has of those credits, or less. A holder gets its
/// part of each royalty rounded down to 1e-27 of a unit, and keeps the fractions of a unit.
interface IRoyalties {
    /// @param credits what was received
    /// @param amount of them
    /// @param shares that it was distributed to
    struct Royalty {
        address credits;
        uint64 amount;
        uint96 shares;
    }

    error UnknownRun(uint64 runId);
    error NoSharesEarn();
    error NothingReceived(uint64 runId);
    error UnknownRoyalty(uint32 number, uint32 count);
    error RoyaltyClaimed(address holder, uint32 number);

    event RoyaltyDistributed(
        uint32 indexed number,
        uint64 indexed runId,
        address indexed credits,
        uint64 amount,
        uint96 shares
    );
    event RoyaltyPaid(address indexed holder, uint32 indexed number, address indexed credits, uint64 amount);

    /// @notice Distributes the credits of a run that the pool has received since the last time, after it has claimed what its
    /// shares of that run have earned. Anyone may call.
    function distribute(uint64 runId) external returns (uint32 number);

    /// @notice Pays a holder its parts of these royalties. Anyone may call. All or nothing.
    function claimRoyalties(address holder, uint32[] calldata numbers) external;

    /// @notice How many royalties there were; the last one's number.
    function royaltyCount() external view returns (uint32);

    function royaltyOf(uint32 number) external view returns (Royalty memory);

    /// @notice The part that a claim of this royalty alone would pay, rounded down; zero once it is claimed.
    function claimableRoyaltyDown(address holder, uint32 number) external view returns (uint64);

    /// @notice The shares of a holder that a royalty was distributed to.
    function sharesAt(address holder, uint32 number) external view returns (uint96);

    /// @notice The share token of the run.
    function shares() external view returns (address);
}
