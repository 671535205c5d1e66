// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title BLS signatures on BN254: signatures in G1, public keys in G2, messages hashed to G1 as in RFC 9380.
/// @notice The suite is BLS_SIG_BN254G1_XMD:KECCAK-256_SVDW_RO_NUL_: keccak256 expands, Shallue and van de Woestijne's map
/// makes points. The curve is y^2 = x^3 + 3 over the field of P elements; G1 is all of it, so a point on the curve is a
/// point of the group.
library Bn254Signatures {
    struct G1 {
        uint256 x;
        uint256 y;
    }

    /// @dev Coordinates x, then y, the imaginary part first, as the precompile and drand have them.
    struct G2 {
        uint256 xImaginary;
        uint256 xReal;
        uint256 yImaginary;
        uint256 yReal;
    }

    uint256 private constant P = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;

    /// @dev The domain, and its length in one byte.
    bytes private constant DOMAIN = "BLS_SIG_BN254G1_XMD:KECCAK-256_SVDW_RO_NUL_\x2b";

    /// @dev Bytes in one block of keccak256.
    uint256 private constant BLOCK = 136;

    /// @dev Bytes that are made of a message: two field elements of 48.
    uint16 private constant EXPANDED = 96;

    /// @dev Of the map, for Z = 1 and g(x) = x^3 + 3: g(Z); -Z / 2; the even root of -g(Z) 3 Z^2; -4 g(Z) / (3 Z^2).
    uint256 private constant C1 = 4;
    uint256 private constant C2 = 0x183227397098d014dc2822db40c0ac2ecbc0b548b438e5469e10460b6c3e7ea3;
    uint256 private constant C3 = 0x16789af3a83522eb353c98fc6b36d713d5d8d1cc5dffffffa;
    uint256 private constant C4 = 0x10216f7ba065e00de81ac1e7808072c9dd2b2385cd7b438469602eb24829a9bd;

    /// @dev The generator of G2, negated.
    uint256 private constant MINUS_X_IMAGINARY = 0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2;
    uint256 private constant MINUS_X_REAL = 0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed;
    uint256 private constant MINUS_Y_IMAGINARY = 0x275dc4a288d1afb3cbb1ac09187524c7db36395df7be3b99e673b13a075a65ec;
    uint256 private constant MINUS_Y_REAL = 0x1d9befcd05a5323e6da4d435f3b617cdb3af83285c2df711ef39c01571827f9d;

    /// @notice Whether `signature` is the one signature of `message` under `key`, which must be valid.
    function isSignature(G1 memory signature, bytes32 message, G2 memory key) internal view returns (bool) {
        // The precompile takes all gas for a point that is not on the curve.
        if (!isOnCurve(signature)) return false;
        G1 memory point = hashToPoint(message);
        bytes memory first = abi.encode(signature, MINUS_X_IMAGINARY, MINUS_X_REAL, MINUS_Y_IMAGINARY, MINUS_Y_REAL);
        return _isPairing(bytes.concat(first, abi.encode(point, key)));
    }

    /// @notice Whether a key is a point of G2 and not its zero, under which everything would be signed. Takes all gas when
    /// it is not: for constructors.
    function isKey(G2 memory key) internal view returns (bool) {
        if (key.xImaginary | key.xReal | key.yImaginary | key.yReal == 0) return false;
        return _isPairing(abi.encode(G1(0, 0), key));
    }

    /// @notice Whether a point has its one encoding and is on the curve; the zero is not.
    function isOnCurve(G1 memory point) internal pure returns (bool) {
        return point.x < P && point.y < P && mulmod(point.y, point.y, P) == _curve(point.x);
    }

    /// @notice The point that stands for a message: RFC 9380, hash_to_curve.
    function hashToPoint(bytes32 message) internal view returns (G1 memory) {
        (uint256 u, uint256 v) = _hashToField(message);
        bytes memory sum = _call(0x06, abi.encode(_map(u), _map(v)));
        return abi.decode(sum, (G1));
    }

    /// @dev expand_message_xmd to 96 bytes, and each half of them modulo P.
    function _hashToField(bytes32 message) private pure returns (uint256 u, uint256 v) {
        bytes32 b0 = keccak256(abi.encodePacked(new bytes(BLOCK), message, EXPANDED, uint8(0), DOMAIN));
        bytes32 b1 = keccak256(abi.encodePacked(b0, uint8(1), DOMAIN));
        bytes32 b2 = keccak256(abi.encodePacked(b0 ^ b1, uint8(2), DOMAIN));
        bytes32 b3 = keccak256(abi.encodePacked(b0 ^ b2, uint8(3), DOMAIN));
        u = addmod(mulmod(uint256(b1), 1 << 128, P), uint256(b2) >> 128, P);
        // 2^256 modulo P is 2^256 - 5 P.
        v = addmod(mulmod(uint128(uint256(b2)), type(uint256).max - 5 * P + 1, P), uint256(b3) % P, P);
    }

    /// @dev Shallue and van de Woestijne's map, RFC 9380 appendix F.1. One of three abscissas is on the curve.
    function _map(uint256 u) private view returns (G1 memory point) {
        uint256 square = mulmod(mulmod(u, u, P), C1, P);
        uint256 above = addmod(1, square, P);
        uint256 below = addmod(1, P - square, P);
        uint256 inverse = _power(mulmod(below, above, P), P - 2);
        uint256 offset = mulmod(mulmod(mulmod(u, below, P), inverse, P), C3, P);
        bool isRoot;
        point.x = addmod(C2, P - offset, P);
        (point.y, isRoot) = _root(_curve(point.x));
        if (!isRoot) {
            point.x = addmod(C2, offset, P);
            (point.y, isRoot) = _root(_curve(point.x));
        }
        if (!isRoot) {
            uint256 third = mulmod(mulmod(above, above, P), inverse, P);
            point.x = addmod(mulmod(mulmod(third, third, P), C4, P), 1, P);
            (point.y, ) = _root(_curve(point.x));
        }
        // The sign of a field element is whether it is odd.
        if ((point.y ^ u) & 1 == 1) point.y = P - point.y;
    }

    /// @dev x^3 + 3.
    function _curve(uint256 x) private pure returns (uint256) {
        return addmod(mulmod(mulmod(x, x, P), x, P), 3, P);
    }

    /// @dev A square root, since P is 3 modulo 4; not one when there is none.
    function _root(uint256 value) private view returns (uint256 root, bool isRoot) {
        root = _power(value, (P + 1) / 4);
        isRoot = mulmod(root, root, P) == value;
    }

    function _power(uint256 base, uint256 exponent) private view returns (uint256) {
        return abi.decode(_call(0x05, abi.encode(32, 32, 32, base, exponent, P)), (uint256));
    }

    function _isPairing(bytes memory pairs) private view returns (bool) {
        (bool isOk, bytes memory result) = address(0x08).staticcall(pairs);
        return isOk && abi.decode(result, (bool));
    }

    /// @dev Its operands are right, so it fails only for want of gas.
    function _call(uint160 precompile, bytes memory input) private view returns (bytes memory output) {
        bool isOk;
        (isOk, output) = address(precompile).staticcall(input);
        assert(isOk);
    }
}
