// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Duration} from "../types/Time.sol";
import {Bn254Signatures} from "./Bn254Signatures.sol";
import {IRandomness} from "./IRandomness.sol";

/// @title The randomness of drand, a network of independent operators that sign one number after the other together.
/// @notice A ticket is the number of the first round that drand will publish `delay` or more after it was asked for; the
/// answer is the round's randomness as drand publishes it, sha256 of the signature. Anyone proves it by the signature,
/// which is verified here, at any time before `patience` has passed since the round was due; what nobody proved by then
/// is LOST, since a drand that has stopped must not stop a run.
///
/// What is trusted: that fewer than the threshold of drand's operators join to sign a round before its time; nobody, the
/// operators included, can choose a signature, as there is only one. And that the chain's clock is not further behind than
/// `delay` while commitments are taken: else who orders blocks knows the round before they are closed.
contract DrandRandomness is IRandomness {
    /// @notice A drand network of the scheme bls-bn254-unchained-on-g1, as its information endpoint describes it.
    /// @param publicKey 128 bytes, a point of G2: x, then y, the imaginary part first
    /// @param genesis when round 1 was due, in seconds since the epoch
    /// @param period seconds from one round to the next
    /// @param seed its "groupHash"
    /// @param name its "beaconID"
    struct Network {
        bytes publicKey;
        uint64 genesis;
        uint32 period;
        bytes32 seed;
        string name;
    }

    /// @notice What names the network: the hash of all that describes it. Clients ask drand for rounds of this chain.
    bytes32 public immutable chainHash;

    /// @notice When round 1 was due, in seconds since the epoch.
    uint64 public immutable genesis;

    /// @notice Seconds from one round to the next.
    uint32 public immutable period;

    /// @notice From the request to the round that answers, at least.
    Duration public immutable delay;

    /// @notice How long a round can be proved after it was due.
    Duration public immutable patience;

    uint256 private immutable _xImaginary;
    uint256 private immutable _xReal;
    uint256 private immutable _yImaginary;
    uint256 private immutable _yReal;

    mapping(uint64 ticket => bytes32) private _answers;

    /// @notice The description is not that of the network which is meant.
    error WrongNetwork(bytes32 described, bytes32 meant);
    error InvalidPublicKey();
    error AlreadyProved(uint64 ticket);
    /// @notice The ticket is LOST.
    error TooLate(uint64 ticket, uint256 lostAt);
    error WrongSignature(uint64 ticket);

    event Proved(uint64 indexed ticket, bytes32 randomness);

    /// @param meant the network's chain hash
    constructor(Network memory network, bytes32 meant, Duration delay_, Duration patience_) {
        bytes32 described = sha256(
            abi.encodePacked(network.period, network.genesis, network.publicKey, network.seed, network.name)
        );
        // INVARIANT: no field is mistyped; a wrong date would make a ticket of a round that is already known.
        require(described == meant, WrongNetwork(described, meant));
        // INVARIANT: a signature can be verified, and is needed.
        require(network.publicKey.length == 128, InvalidPublicKey());
        Bn254Signatures.G2 memory key = abi.decode(network.publicKey, (Bn254Signatures.G2));
        require(Bn254Signatures.isKey(key), InvalidPublicKey());
        chainHash = meant;
        (genesis, period, delay, patience) = (network.genesis, network.period, delay_, patience_);
        (_xImaginary, _xReal, _yImaginary, _yReal) = (key.xImaginary, key.xReal, key.yImaginary, key.yReal);
    }

    /// @notice Proves the round that answers a ticket. Once, by anyone.
    /// @param signature the round's, 64 bytes: x, then y, of a point of G1
    function prove(uint64 ticket, bytes calldata signature) external {
        // INVARIANT: there is one answer to a ticket.
        require(_answers[ticket] == bytes32(0), AlreadyProved(ticket));
        // INVARIANT: what is lost is lost for ever.
        require(!_isLost(ticket), TooLate(ticket, _lostAt(ticket)));
        require(isSignature(ticket, signature), WrongSignature(ticket));

        bytes32 randomness = sha256(signature);
        _answers[ticket] = randomness;

        emit Proved(ticket, randomness);
    }

    /// @inheritdoc IRandomness
    function request() external view returns (uint64 ticket) {
        uint256 earliest = block.timestamp + Duration.unwrap(delay);
        if (earliest <= genesis) return 1;
        return uint64((earliest - genesis + period - 1) / period + 1);
    }

    /// @inheritdoc IRandomness
    function read(uint64 ticket) external view returns (Draw draw, bytes32 value) {
        value = _answers[ticket];
        if (value != bytes32(0)) return (Draw.READY, value);
        return (_isLost(ticket) ? Draw.LOST : Draw.PENDING, bytes32(0));
    }

    /// @inheritdoc IRandomness
    function source() external pure returns (string memory) {
        return "drand";
    }

    /// @notice Whether it is drand's signature of a round. For clients, which ask before they send.
    function isSignature(uint64 round, bytes calldata signature) public view returns (bool) {
        // INVARIANT: a signature has one encoding, as its hash is the answer.
        if (signature.length != 64) return false;
        Bn254Signatures.G1 memory point = abi.decode(signature, (Bn254Signatures.G1));
        bytes32 message = keccak256(abi.encodePacked(round));
        return Bn254Signatures.isSignature(point, message, _publicKey());
    }

    /// @notice When a round is due, in seconds since the epoch.
    function dueAt(uint64 round) public view returns (uint256) {
        return genesis + uint256(round) * period - period;
    }

    function _publicKey() private view returns (Bn254Signatures.G2 memory) {
        return Bn254Signatures.G2(_xImaginary, _xReal, _yImaginary, _yReal);
    }

    function _lostAt(uint64 ticket) private view returns (uint256) {
        return dueAt(ticket) + Duration.unwrap(patience);
    }

    function _isLost(uint64 ticket) private view returns (bool) {
        return block.timestamp >= _lostAt(ticket);
    }
}
